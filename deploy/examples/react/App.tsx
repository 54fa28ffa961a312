// SPDX-License-Identifier: Apache-2.0

import { useState } from 'react';
import { Relais, RelaisLatest, RelaisRelated, RelaisSearch, RelaisShare } from './Relais';

/** An article page of a partner. */
export function App({ article }: { article: string }) {
  const [found, setFound] = useState<number>();
  return (
    <Relais address="https://relais.example" siteKey="pk_…" lang="fr">
      <header>
        <RelaisSearch results="/recherche" onSearch={event => setFound(event.detail.total)} />
        {found !== undefined && <p>{found} articles</p>}
      </header>
      <main>
        <RelaisShare article={article} />
        <RelaisRelated article={article} limit={3} />
        <RelaisLatest limit={5} />
      </main>
    </Relais>
  );
}
