// Every page of the console, as app/ has it. Stories walk through them; routes.test.ts fails for one that is missing here.

import { cliRequest } from './stage/cli-request';

/** What a page is about, where its address names it. */
export interface Things {
  project: string;
  endpoint: string;
}

export interface Route {
  /** As in app/, without the groups in parentheses. */
  route: string;
  /** Addresses to look at. */
  paths: (things: Things) => string[];
  /** What its main heading says. */
  heading: RegExp;
  /** Whether it is for people who have signed in. */
  isPrivate: boolean;
}

export const DOCS = ['auth', 'cli', 'limits', 'errors', 'api-key-format', 'security', 'security-model', 'alpha-access', 'faq', 'k3s'];

const site = (route: string, heading: RegExp, paths = [route]): Route => ({ route, paths: () => paths, heading, isPrivate: false });
const own = (route: string, heading: RegExp, paths: Route['paths'] = () => [route]): Route => ({ route, paths, heading, isPrivate: true });
const project = (below = '') => own(`/projects/[id]${below}`, /^shop/i, ({ project }) => [`/projects/${project}${below}`]);
const endpoint = (below = '') => own(`/endpoints/[id]${below}`, /shop-main/, ({ endpoint }) => [`/endpoints/${endpoint}${below}`]);

export const ROUTES: readonly Route[] = [
  site('/', /^Postgres endpoints/),
  site('/sign-in', /^Sign in/),
  site('/access-denied', /^No access yet$/),
  site('/docs', /^Documentation$/),
  site('/docs/[page]', /./, DOCS.map((page) => `/docs/${page}`)),
  own('/projects', /^Projects$/),
  project(),
  project('/settings'),
  project('/activity'),
  project('/yaml'),
  own('/endpoints', /^Endpoints$/),
  endpoint(),
  endpoint('/access'),
  endpoint('/settings'),
  endpoint('/activity'),
  endpoint('/yaml'),
  own('/settings/api-keys', /^API keys$/),
  own('/settings/activity', /^Activity$/),
  own('/cli/authorize', /^Authorize keon/, () => [cliRequest(), '/cli/authorize']),
  own('/device', /^Connect a machine$/),
  own('/device/approved', /^Approved$/),
  own('/device/denied', /^Denied$/),
];

/** Addresses that lead to nothing, with and without a session. */
export const NOWHERE = ['/nothing-here', '/projects/00000000-0000-0000-0000-000000000000', '/docs/nothing-here'];
