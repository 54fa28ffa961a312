// SPDX-License-Identifier: Apache-2.0

/** The words of the interface in one language. Quoted queries come with their marks. */
export interface Strings {
  quotes: [string, string];
  label: string;
  results: string;
  none: (q: string) => string;
  one: (n: string, q: string) => string;
  many: (n: string, q: string) => string;
  all: string;
  retry: string;
  stale: string;
  suggest: string;
  clear: string;
  share: string;
  minutes: string;
  foundIn: string;
  latest: string;
}

const nb = '\u00a0';

const table: Record<string, Strings> = {
  fr: {
    quotes: [`«${nb}`, `${nb}»`],
    label: 'Rechercher un article',
    results: 'Résultats',
    none: q => `Aucun résultat pour ${q}`,
    one: (n, q) => `${n}${nb}résultat pour ${q}`,
    many: (n, q) => `${n}${nb}résultats pour ${q}`,
    all: 'Voir tous les résultats',
    retry: 'La recherche est momentanément indisponible.',
    stale: `La recherche n’a pas abouti${nb}: voici les derniers résultats reçus.`,
    suggest: 'Essayez avec',
    clear: 'Effacer la recherche',
    share: 'Partager',
    minutes: `${nb}min de lecture`,
    foundIn: 'trouvé en',
    latest: 'Plus d’articles',
  },
  en: {
    quotes: ['“', '”'],
    label: 'Search articles',
    results: 'Results',
    none: q => `No results for ${q}`,
    one: (n, q) => `${n} result for ${q}`,
    many: (n, q) => `${n} results for ${q}`,
    all: 'See all results',
    retry: 'Search is unavailable right now.',
    stale: 'The search failed: these are the last results received.',
    suggest: 'Try',
    clear: 'Clear the search',
    share: 'Share',
    minutes: `${nb}min read`,
    foundIn: 'found in',
    latest: 'More articles',
  },
  de: {
    quotes: ['„', '“'],
    label: 'Artikel suchen',
    results: 'Ergebnisse',
    none: q => `Keine Ergebnisse für ${q}`,
    one: (n, q) => `${n} Ergebnis für ${q}`,
    many: (n, q) => `${n} Ergebnisse für ${q}`,
    all: 'Alle Ergebnisse anzeigen',
    retry: 'Die Suche ist derzeit nicht verfügbar.',
    stale: 'Die Suche ist fehlgeschlagen: Dies sind die letzten Ergebnisse.',
    suggest: 'Versuchen Sie',
    clear: 'Suche löschen',
    share: 'Teilen',
    minutes: `${nb}Min. Lesezeit`,
    foundIn: 'gefunden auf',
    latest: 'Weitere Artikel',
  },
  es: {
    quotes: ['«', '»'],
    label: 'Buscar artículos',
    results: 'Resultados',
    none: q => `Ningún resultado para ${q}`,
    one: (n, q) => `${n} resultado para ${q}`,
    many: (n, q) => `${n} resultados para ${q}`,
    all: 'Ver todos los resultados',
    retry: 'La búsqueda no está disponible en este momento.',
    stale: 'La búsqueda ha fallado: estos son los últimos resultados recibidos.',
    suggest: 'Pruebe con',
    clear: 'Borrar la búsqueda',
    share: 'Compartir',
    minutes: `${nb}min de lectura`,
    foundIn: 'encontrado en',
    latest: 'Más artículos',
  },
};

/** The primary language of a tag: "fr-CA" and "FR_ca" give "fr". */
export function primary(tag: string | undefined): string {
  return (tag || '').toLowerCase().split(/[-_]/)[0];
}

/** The locale and the words for a language; English where it is not one of ours. */
export function strings(lang: string): [string, Strings] {
  const own = table[primary(lang)];
  try {
    if (own) return [Intl.getCanonicalLocales(lang)[0], own];
  } catch {
    return [primary(lang), own!];
  }
  return ['en', table.en];
}

/** "3 résultats pour « x »", with the plural of the locale. */
export function count(locale: string, t: Strings, total: number, query: string): string {
  const q = t.quotes[0] + query + t.quotes[1];
  if (!total) return t.none(q);
  const n = new Intl.NumberFormat(locale).format(total);
  return new Intl.PluralRules(locale).select(total) === 'one' ? t.one(n, q) : t.many(n, q);
}
