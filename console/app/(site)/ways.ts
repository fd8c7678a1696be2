// The same endpoint, declared in three ways.

const MANIFEST = `apiVersion: kisenon.com/v1alpha1
kind: Endpoint
metadata:
  name: shop-main
spec:
  project: shop
  access:
    allowedCidrs: [192.0.2.0/24]`;

const COMMANDS = `keon login
keon projects create shop
keon endpoints create main \\
  --project shop --allow 192.0.2.0/24
keon psql shop-main`;

const REQUEST = `curl https://api.kisenon.com/v1/endpoints \\
  --oauth2-bearer "$KISENON_API_KEY" \\
  --json '{
    "project": "shop", "name": "main",
    "access": {
      "allowedCidrs": ["192.0.2.0/24"]
    }
  }'`;

export const WAYS = [
  { name: 'kubectl or Git', code: MANIFEST },
  { name: 'keon', code: COMMANDS },
  { name: 'HTTP API', code: REQUEST },
];
