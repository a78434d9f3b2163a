// What a Relay application asks of the graph: fragments, a refetchable node, and connections that are paged.
graphql`
  fragment calls_call on Call {
    id
    callId
    opName
    startedAt
    parent {
      id
      opName
    }
  }
`;

graphql`
  fragment calls_detail on Call @refetchable(queryName: "callsDetailRefetchQuery") {
    id
    ...calls_call
    inputs
  }
`;

graphql`
  fragment calls_list on Project
  @refetchable(queryName: "callsListPaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    calls(first: $count, after: $cursor) @connection(key: "calls_list_calls") {
      edges {
        node {
          id
          ...calls_call
        }
      }
    }
  }
`;

graphql`
  fragment calls_children on Call
  @refetchable(queryName: "callsChildrenPaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    children(last: $count, before: $cursor) @connection(key: "calls_children_children") {
      edges {
        node {
          ...calls_call
        }
      }
    }
  }
`;

graphql`
  query callsPageQuery($slug: String!, $ids: [ID!]!) {
    project(slug: $slug) {
      slug
      name
      ...calls_list
    }
    nodes(ids: $ids) {
      id
      ... on Call {
        ...calls_detail @alias(as: "detail")
        ...calls_children @alias(as: "children")
      }
    }
  }
`;

graphql`
  mutation callsFeedbackMutation($input: FeedbackCreateInput!) {
    feedbackCreate(input: $input) {
      userErrors {
        code
        message
        field
      }
    }
  }
`;
