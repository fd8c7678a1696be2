// Where the cluster under test is.

function given(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set. On the local cluster: eval "$(make -s env)"`);
}

export const settings = {
  /** Origin of the console. */
  consoleUrl: new URL(given('KISENON_CONSOLE_URL')).origin,
  /** Origin of the API. */
  apiUrl: new URL(given('KISENON_API_URL')).origin,
  /** Certificate authorities of the cluster, as PEM. */
  caFile: given('KISENON_CA_FILE'),
  /** The development identity provider of the local cluster: e2e/idp. */
  providerUrl: 'https://10.77.0.1:9443',
  /** The LAN host that stories connect from: HOST=client of e2e/cluster/lan.sh. */
  clientAddress: '10.77.0.20',
};
