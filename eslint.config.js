// SPDX-License-Identifier: Apache-2.0
//
// What ESLint looks at: TypeScript and JavaScript that runs in Node. AssemblyScript is checked by its own compiler.

import js from '@eslint/js';
import typescript from 'typescript-eslint';

const nodeGlobals = Object.fromEntries(
    [
        'Buffer',
        'URL',
        'WebAssembly',
        'clearTimeout',
        'console',
        'performance',
        'process',
        'setTimeout',
        'TextDecoder',
        'TextEncoder',
        'structuredClone',
        'fetch',
        'setImmediate',
        'clearInterval',
        'setInterval',
    ].map((name) => [name, 'readonly']),
);

export default typescript.config(
    {
        ignores: [
            'build/',
            'node_modules/',
            'assembly/',
            'bench/wasm/kernels/',
            'tests/unit/',
            'tests/host/machine/',
            'tests/manager/*.ts',
        ],
    },
    {
        files: ['**/*.{js,mjs}'],
        extends: [js.configs.recommended],
        languageOptions: { globals: nodeGlobals },
        // Messages name the cause in words; a stack of an inner error helps nobody here.
        rules: { 'preserve-caught-error': 'off' },
    },
    {
        files: ['cli/**/*.ts', 'bench/**/*.ts', 'tests/**/*.ts'],
        extends: [js.configs.recommended, ...typescript.configs.recommendedTypeChecked],
        languageOptions: { parserOptions: { project: './tsconfig.json' } },
        rules: {
            'preserve-caught-error': 'off',
            // A name that begins with _ is left out on purpose.
            '@typescript-eslint/no-unused-vars': [
                'error',
                { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
            ],
            // Numbers in messages are what they look like.
            '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
            // node:test's functions return promises that the runner awaits.
            '@typescript-eslint/no-floating-promises': [
                'error',
                {
                    allowForKnownSafeCalls: [
                        {
                            from: 'package',
                            package: 'node:test',
                            name: ['test', 'describe', 'it', 'before', 'after'],
                        },
                    ],
                },
            ],
        },
    },
);
