// SPDX-License-Identifier: Apache-2.0

// A page over the React example, and what a test does to it.

import { StrictMode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { Relais, RelaisLatest, RelaisRelated, RelaisSearch, RelaisShare } from '../../../../../deploy/examples/react/Relais';

interface Props {
  address: string;
  article: string;
  label: string;
  name: string;
}

const calls: string[] = [];
const complaints: unknown[][] = [];
console.error = console.warn = (...args) => complaints.push(args);

function Page({ address, article, label, name }: Props) {
  return (
    <StrictMode>
      <Relais address={address} siteKey="pk_test" lang="fr">
        <RelaisSearch label={label}
          onSearch={e => calls.push(`${name} search ${e.detail.query} ${e.detail.total}`)}
          onOpen={e => { e.preventDefault(); calls.push(`${name} open ${e.detail.id} ${e.detail.position}`); }}
          onShare={e => { e.preventDefault(); calls.push(`${name} share ${e.detail.id}`); }} />
        <RelaisShare article={article} />
        <RelaisRelated article={article} limit={3} heading="Connexes" />
        <RelaisLatest limit={5} section="Événements" onOpen={e => { e.preventDefault(); calls.push(`${name} latest ${e.detail.id}`); }} />
      </Relais>
    </StrictMode>
  );
}

const place = document.getElementById('root')!;
let root: ReturnType<typeof createRoot>;

Object.assign(window, {
  calls,
  complaints,
  markup: (props: Props) => renderToString(<Page {...props} />),
  hydrate: (props: Props) => { root = hydrateRoot(place, <Page {...props} />); },
  mount: (props: Props) => { root = createRoot(place); root.render(<Page {...props} />); },
  update: (props: Props) => root.render(<Page {...props} />),
  unmount: () => root.unmount(),
});
