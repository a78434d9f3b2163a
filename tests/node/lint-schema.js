// Lints the schema in the first argument by the rules of Relay and of naming and describing, and prints what is wrong as
// JSON. Federation's directives, which the schema uses without defining them, are left out.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import graphql from '@graphql-eslint/eslint-plugin';
import { ESLint } from 'eslint';
import { buildSchema, printSchema } from 'graphql';

const folder = mkdtempSync(path.join(tmpdir(), 'schema-'));
const file = path.join(folder, 'schema.graphql');
writeFileSync(file, printSchema(buildSchema(readFileSync(process.argv[2], 'utf8'), { assumeValidSDL: true })));
const eslint = new ESLint({
  cwd: folder,
  overrideConfigFile: true,
  overrideConfig: [
    {
      files: ['**/*.graphql'],
      languageOptions: {
        parser: graphql.parser,
        parserOptions: { graphQLConfig: { schema: file } },
      },
      plugins: { '@graphql-eslint': graphql },
      rules: {
        ...graphql.configs['flat/schema-relay'].rules,
        // Connections have `nodes` beside `edges`, and lists that cannot grow are plain lists. `User` is no `Node`: its id
        // is the plain one that other subgraphs know it by.
        '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
        '@graphql-eslint/description-style': ['error', { style: 'block' }],
        '@graphql-eslint/naming-convention': [
          'error',
          {
            allowLeadingUnderscore: true, // federation's _service, _entities and their types
            types: 'PascalCase',
            FieldDefinition: 'camelCase',
            InputValueDefinition: 'camelCase',
            Argument: 'camelCase',
            DirectiveDefinition: 'camelCase',
            EnumValueDefinition: 'UPPER_CASE',
          },
        ],
        '@graphql-eslint/no-hashtag-description': 'error',
        '@graphql-eslint/require-deprecation-reason': 'error',
        '@graphql-eslint/require-description': [
          'error',
          { types: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
        ],
        '@graphql-eslint/require-nullable-fields-with-oneof': 'error',
        '@graphql-eslint/unique-enum-value-names': 'error',
        '@graphql-eslint/unique-field-definition-names': 'error',
        '@graphql-eslint/unique-type-names': 'error',
      },
    },
  ],
});
const results = await eslint.lintFiles([file]);
console.log(
  JSON.stringify(
    results.flatMap((result) =>
      result.messages.map(({ ruleId, line, message }) => ({ ruleId, line, message })),
    ),
  ),
);
rmSync(folder, { recursive: true });
