import { basename } from 'node:path';
import tseslint from 'typescript-eslint';

const kebabCase = {
  meta: { type: 'problem', schema: [] },
  create: (context) => ({
    Program(node) {
      const name = basename(context.filename).replace(/(\.(test|config))?\.[cm]?[jt]s$/, '');
      if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
        context.report({ node, message: `File names are kebab-case; '${name}' is not.` });
      }
      // A deployment manager is an object of O2.
      if (/^(utils?|helpers?|common|misc)$|(?<!deployment)-manager$|(-service|-impl)$/.test(name)) {
        context.report({ node, message: `'${name}' says nothing about what is inside; name the idea.` });
      }
    },
  }),
};

export default [
  { ignores: ['dist/', 'node_modules/', '.netweave/', 'coverage/', 'openapi/', 'client.ts', 'watch.ts'] },
  {
    files: ['**/*.ts', '**/*.mjs'],
    languageOptions: { parser: tseslint.parser },
    plugins: { '@typescript-eslint': tseslint.plugin, netweave: { rules: { 'kebab-case': kebabCase } } },
    rules: {
      'max-lines': ['error', { max: 320 }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
        {
          selector: "CallExpression[callee.object.name='jest'][callee.property.name=/mock|spyOn/]",
          message: 'Real parts only.',
        },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'netweave/kebab-case': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: ['**/*.test.ts', 'test/**', 'bench/**'], rules: { 'max-lines-per-function': 'off' } },
  {
    files: ['{schema,adapters,subscriptions,src,test,bench}/**/*.ts'],
    rules: {
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
    },
  },
];
