import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The pages live under /graphiql/ of the server; server/pages.py serves what is written here.
export default defineConfig({
  base: '/graphiql/',
  plugins: [react()],
  worker: { format: 'es' },
  build: {
    outDir: '../server/assets/graphiql',
    emptyOutDir: true,
    chunkSizeWarningLimit: 8000, // the editor is one large chunk
    reportCompressedSize: false,
    rolldownOptions: {
      // the editor's packages carry directives for React's compiler, which has run over them already
      onLog: (level, log, report) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && report(level, log),
    },
  },
});
