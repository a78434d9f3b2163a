"""Documents, bodies and handshakes that are sent to bring a server down; used by test_graphql_abuse.py."""

import gzip
import json
from collections.abc import Mapping
from typing import TypeAlias

JSON = {"content-type": "application/json"}
Request: TypeAlias = tuple[str, str, bytes, Mapping[str, str]]
"""Method, query string, body, headers."""

INTROSPECTION = "{ __schema { types { name fields { name args { name type { name ofType { name } } } } } } }"


def posted(query: str, **variables: object) -> Request:
    return raw(json.dumps({"query": query, "variables": variables}).encode())


def raw(body: bytes, method: str = "POST", **headers: str) -> Request:
    return method, "", body, JSON | {name.replace("_", "-"): value for name, value in headers.items()}


def got(query_string: str) -> Request:
    return "GET", query_string, b"", {}


def nested(field: str, levels: int, leaf: str) -> str:
    return f"{field} {{ " * levels + leaf + " }" * levels


def of_project(selection: str) -> str:
    return f'{{ project(slug: "a/b") {{ {selection} }} }}'


def fragments(count: int, spread: int, on: str = "Query") -> str:
    chain = " ".join(f"fragment F{n} on {on} {{ {f'...F{n + 1} ' * spread}}}" for n in range(count))
    return f"{chain} fragment F{count} on {on} {{ __typename }}"


def cyclic(count: int) -> str:
    everyone = " ".join(f"...F{n}" for n in range(count))
    return f"{{ {everyone} }} " + " ".join(f"fragment F{n} on Query {{ {everyone} }}" for n in range(count))


PAGE = "calls(first: 1000) { nodes { %s } }"
LEAVES = "id callId opName traceId startedAt status inputs output summary attributes"

DOCUMENTS: dict[str, Request] = {
    "fragments doubled 30 times": posted("{ ...F0 } " + fragments(30, 2)),
    "fragments spread ten at a time": posted("{ ...F0 } " + fragments(12, 10)),
    "a chain of 600 fragments": posted("{ ...F0 } " + fragments(600, 1)),
    "a fragment in itself": posted("{ ...F } fragment F on Query { ...F }"),
    "fragments in each other": posted(cyclic(40)),
    "a cycle through fields": posted(
        "{ node(id: 1) { ...F } } fragment F on Call { a: parent { ...F } b: root { ...F } c: parent { ...F } }"
    ),
    "10,000 aliases": posted("{ " + " ".join(f"a{n}: __typename" for n in range(10_000)) + " }"),
    "900 aliases of a page": posted(
        of_project(" ".join(f"a{n}: calls(first: 1000) {{ nodes {{ id }} }}" for n in range(300)))
    ),
    "the same field 2,000 times": posted("{ " + "__typename " * 2000 + "}"),
    "the same page 300 times": posted(of_project("calls { nodes { id } } " * 300)),
    "overlapping fragments": posted(
        of_project(" ".join(f"...F{n}" for n in range(60)))
        + " ".join(f"fragment F{n} on Project {{ calls {{ nodes {{ id callId }} }} }}" for n in range(60))
    ),
    "fields nested 5,000 deep": posted("{ " + nested("node(id: 1)", 5000, "id") + " }"),
    "parents nested 100 deep": posted("{ node(id: 1) { ... on Call { " + nested("parent", 100, "id") + " } } }"),
    "inline fragments nested 2,000 deep": posted("{ " + nested("...", 2000, "__typename") + " }"),
    "a directive 10,000 times": posted("{ __typename " + "@skip(if: true) " * 10_000 + "}"),
    "a directive 400 times": posted("{ __typename " + "@skip(if: true) " * 400 + "}"),
    "an unknown directive 1,500 times": posted("{ __typename " + "@x " * 1500 + "}"),
    "1,500 unknown fields": posted("{ " + " ".join(f"nothing{n}" for n in range(1500)) + " }"),
    "unknown fields with long names": posted("{ " + " ".join("n" * 900 + str(n) for n in range(200)) + " }"),
    "900 unknown arguments": posted(
        of_project(f"calls({' '.join(f'fist{n}: 1' for n in range(900))}) {{ nodes {{ id }} }}")
    ),
    "900 unknown input fields": posted(
        of_project(f"calls(filter: {{{' '.join(f'opName{n}: 1' for n in range(900))}}}) {{ nodes {{ id }} }}")
    ),
    "one argument 900 times": posted("{ project(" + 'slug: "a" ' * 900 + ") { id } }"),
    "700 variables": posted("query(" + " ".join(f"$v{n}: Int" for n in range(700)) + ") { __typename }"),
    "one variable 700 times": posted("query(" + "$v: Int " * 700 + ") { __typename }"),
    "a variable of a type nested 2,000 deep": posted(
        "query($v: " + "[" * 2000 + "Int" + "]" * 2000 + ") { __typename }"
    ),
    "800 operations": posted(" ".join(f"query Q{n} {{ __typename }}" for n in range(800))),
    "1,000 operations without a name": posted("{ __typename }" * 1000),
    "an integer of 150,000 digits": posted(of_project(f"calls(first: {'9' * 150_000}) {{ nodes {{ id }} }}")),
    "a float of 150,000 digits": posted(of_project(f"calls(first: 1.{'9' * 150_000}) {{ nodes {{ id }} }}")),
    "a float with a huge exponent": posted(of_project("calls(first: 1e999999999) { nodes { id } }")),
    "a string of 190,000 characters": posted('{ project(slug: "' + "x" * 190_000 + '") { id } }'),
    "a block string of empty lines": posted('{ project(slug: """' + "\n  " * 60_000 + '""") { id } }'),
    "escapes without end": posted('{ project(slug: "' + "\\u0041" * 30_000 + '") { id } }'),
    "a lone surrogate as an escape": posted('{ project(slug: "\\ud800") { id } }'),
    "a string without an end": posted('{ project(slug: "' + "x" * 190_000),
    "190,000 line ends and an error": posted("\n" * 190_000 + "{"),
    "190,000 commas": posted("," * 190_000 + "{ __typename }"),
    "60,000 comments": posted("#\n" * 60_000 + "{ __typename }"),
    "a document of a million characters": posted(" " * 1_000_000 + "{ __typename }"),
    "a list literal nested 1,000 deep": posted("{ project(slug: " + "[" * 1000 + "]" * 1000 + ") { id } }"),
    "an object literal nested 1,000 deep": posted("{ project(slug: " + "{a: " * 1000 + "1" + "}" * 1000 + ") { id } }"),
    "a JSON literal nested 140 deep": posted(
        of_project("calls(queryJson: " + "{a: [" * 70 + "1" + "]}" * 70 + ") { nodes { id } }")
    ),
    "a list literal of 4,000 items": posted("{ nodes(ids: [" + '"x" ' * 4000 + "]) { id } }"),
    "introspection of fields of fields": posted(
        '{ __type(name: "Call") { ' + nested("fields { type", 12, "name") + " } }"
    ),
    "introspection 40 times": posted("{ " + " ".join(f"a{n}: {INTROSPECTION[2:-2]}" for n in range(40)) + " }"),
    "introspection of every type's types": posted(
        "{ __schema { types { interfaces { possibleTypes { interfaces { possibleTypes { name } } } } } } }"
    ),
    "an unknown operation of many": posted("query A { __typename } query B { __typename }"),
    "nothing but a fragment": posted("fragment F on Query { __typename }"),
    "a document of control characters": posted("".join(map(chr, range(32)))),
    "a document of NUL": posted("\0"),
    "names in other alphabets": posted("{ имя 名前 }"),
    "a type system definition": posted("type Query { a: Int } { __typename }"),
    "a subscription by POST": posted('subscription { calls(project: "a/b") { call { id } } }'),
}

ANSWERS: dict[str, Request] = {
    "a page of 1,000 with every value": posted(of_project(PAGE % LEAVES)),
    "pages of 1,000 under 90 aliases": posted(
        of_project(" ".join(f"a{n}: calls(first: 1000) {{ nodes {{ id }} }}" for n in range(90)))
    ),
    "pages in pages in pages": posted(of_project(PAGE % f"children(first: 1000) {{ nodes {{ {LEAVES} }} }}")),
    "pages in pages within the cost": posted(
        of_project(PAGE % "children(first: 100) { nodes { id children(first: 2) { nodes { id } } } }")
    ),
    "the values of 1,000 calls 20 times": posted(
        of_project(PAGE % " ".join(f"i{n}: inputs o{n}: output a{n}: attributes" for n in range(20)))
    ),
    "1,000 ids that are none": posted("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["x"] * 1000),
    "100,000 ids": posted("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["x"] * 100_000),
    "one id of a megabyte": posted("query($id: ID!) { node(id: $id) { id } }", id="x" * 1_000_000),
    "a page of the largest integer": posted(of_project("calls(first: 2147483647) { nodes { id } }")),
    "a page of a negative size": posted(of_project("calls(first: -2147483648) { nodes { id } }")),
    "a cursor of a megabyte": posted(
        'query($c: String) { project(slug: "a/b") { calls(after: $c) { nodes { id } } } }', c="x" * 1_000_000
    ),
    "a query of 3,000 operands": posted(
        'query($q: JSON) { project(slug: "a/b") { calls(queryJson: $q) { nodes { id } } } }',
        q={"$expr": {"$and": [{"$eq": [{"$getField": "id"}, {"$literal": "x"}]}] * 3000}},
    ),
    "representations without a type": posted(
        "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }", r=[{}, 1, None, {"__typename": 1}]
    ),
    "100,000 representations": posted(
        "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
        r=[{"__typename": "Call", "id": "x"}] * 100_000,
    ),
    "a slug of control characters": posted("query($s: String!) { project(slug: $s) { id } }", s="\0\x1f/\ud800"),
    "variables of the wrong types": posted(
        "query($f: Int, $s: String!) { project(slug: $s) { calls(first: $f) { nodes { id } } } }", f={"a": []}, s=[1]
    ),
    "30,000 variables that nothing uses": posted("{ __typename }", **{f"v{n}": n for n in range(30_000)}),
}


def nested_query(levels: int) -> bytes:
    query = '{"$not": [' * levels + "true" + "]}" * levels
    document = 'query($q: JSON) { project(slug: \\"a/b\\") { calls(queryJson: $q) { nodes { id } } } }'
    return f'{{"query": "{document}", "variables": {{"q": {{"$expr": {query}}}}}}}'.encode()


def nested_input(levels: int) -> bytes:
    query = '{"not": ' * levels + "{}" + "}" * levels
    document = 'query($q: QueryInput) { project(slug: \\"a/b\\") { calls(query: $q) { nodes { id } } } }'
    return f'{{"query": "{document}", "variables": {{"q": {query}}}}}'.encode()


SMALL = b'{"query": "{ __typename }"}'

BODIES: dict[str, Request] = {
    "a query nested 300 deep": raw(nested_query(300)),
    "a query nested 480 deep": raw(nested_query(480)),
    "a query nested 100,000 deep": raw(nested_query(100_000)),
    "an input nested 300 deep": raw(nested_input(300)),
    "an input nested 900 deep": raw(nested_input(900)),
    "brackets nested 1,000,000 deep": raw(b"[" * 1_000_000),
    "objects nested 200,000 deep": raw(b'{"a":' * 200_000),
    "a number of 1,000,000 digits": raw(b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 1_000_000 + b"}}"),
    "a huge exponent": raw(b'{"query": "{ __typename }", "variables": {"a": 1e99999999999}}'),
    "NaN and Infinity": raw(b'{"query": "{ __typename }", "variables": {"a": NaN, "b": -Infinity}}'),
    "no body": raw(b""),
    "null": raw(b"null"),
    "a batch of 1,000": raw(b"[" + b",".join([SMALL] * 1000) + b"]"),
    "a batch of batches": raw(b"[[[" + SMALL + b"]]]"),
    "a batch of ten expensive pages": raw(
        json.dumps([{"query": of_project(PAGE % ("children(first: 100) { nodes { id } } " * 4))}] * 10).encode()
    ),
    "one key 100,000 times": raw(b"{" + b'"query": "{ __typename }", ' * 100_000 + b'"a": 1}'),
    "gzip without saying so": raw(gzip.compress(SMALL)),
    "gzip": raw(gzip.compress(SMALL), content_encoding="gzip"),
    "a gzip bomb": raw(gzip.compress(b" " * 50_000_000), content_encoding="gzip"),
    "UTF-16": raw(SMALL.decode().encode("utf-16")),
    "UTF-16 that says so": raw(SMALL.decode().encode("utf-16"), content_type="application/json; charset=utf-16"),
    "invalid UTF-8": raw(b'{"query": "\xc3\x28"}'),
    "a byte order mark": raw(b"\xef\xbb\xbf" + SMALL),
    "lone surrogates": raw(b'{"query": "{ __typename \\ud800 }", "operationName": "\\udfff"}'),
    "a form": raw(b"query=%7B__typename%7D", content_type="application/x-www-form-urlencoded"),
    "an upload": raw(b"--x\r\n\r\n--x--", content_type="multipart/form-data; boundary=x"),
    "a content type of commas": raw(SMALL, content_type="," * 5000),
    "a charset that is none": raw(SMALL, content_type='application/json; charset="\\'),
    "40 MB": raw(b'{"query": "' + b" " * 40_000_000 + b'"}'),
    "30 MB of variables": raw(b'{"query": "{ __typename }", "variables": {"a": "' + b"x" * 30_000_000 + b'"}}'),
    "a document as a list": raw(b'{"query": ["{ __typename }"]}'),
    "an accept header of 5,000 types": raw(SMALL, accept=",".join(f"a/b{n};q=0.{n}" for n in range(2000))),
    "events of a query": raw(SMALL, accept="text/event-stream"),
    "PUT": raw(SMALL, "PUT"),
    "OPTIONS": raw(b"", "OPTIONS"),
    "a method of its own": raw(SMALL, "PROPFIND"),
    "GET without anything": got(""),
    "GET with a broken percent": got("query=%zz%ff"),
    "GET with broken variables": got("query={__typename}&variables={"),
    "GET with variables nested 20,000 deep": got("query={__typename}&variables=" + "[" * 20_000),
    "GET with one parameter 5,000 times": got("&".join(["query={__typename}"] * 3000)),
    "GET of a mutation": got("query=mutation{__typename}"),
}
