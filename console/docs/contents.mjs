// Which files of the repository's docs/ the console shows, and in which order.

export const CONTENTS = [
  { name: 'Use', pages: ['auth', 'cli', 'limits', 'errors', 'api-key-format'] },
  { name: 'Security', pages: ['security', 'security-model'] },
  { name: 'Alpha', pages: ['alpha-access', 'faq'] },
  { name: 'Install', pages: ['k3s'] },
];
