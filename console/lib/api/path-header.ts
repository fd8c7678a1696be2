// The request header in which proxy.ts tells server components the path that the browser asked for.

export const PATH_HEADER = 'x-kisenon-path';
