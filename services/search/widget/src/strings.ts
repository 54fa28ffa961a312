// SPDX-License-Identifier: Apache-2.0

import type { Strings } from '../relais';

/** The order of the table. What only some plurals need stands last. */
const names = ('quote label results none one other for more error suggest clear share copied ' +
  'minutes foundIn latest related section language year person two few').split(' ');

/** The words of each language, in the order of the names; a tilde is a no-break space. */
const table: Record<string, string> = {
  en: '“#”|Search articles|Results|No results|#~result|#~results|for|More results|The search failed.|Try|Clear|Share this article|Link copied|#~min read|found in|More articles|Related articles|Section|Language|Year|Person',
  de: '„#“|Artikel suchen|Ergebnisse|Keine Ergebnisse|#~Ergebnis|#~Ergebnisse|für|Weitere Ergebnisse|Die Suche ist fehlgeschlagen.|Versuchen Sie|Löschen|Artikel teilen|Link kopiert|#~Min. Lesezeit|gefunden auf|Weitere Artikel|Ähnliche Artikel|Rubrik|Sprache|Jahr|Person',
  nl: '‘#’|Artikelen zoeken|Resultaten|Geen resultaten|#~resultaat|#~resultaten|voor|Meer resultaten|Zoeken is mislukt.|Probeer|Wissen|Artikel delen|Link gekopieerd|#~min. leestijd|gevonden in het|Meer artikelen|Verwante artikelen|Rubriek|Taal|Jaar|Persoon',
  fr: '«~#~»|Rechercher un article|Résultats|Aucun résultat|#~résultat|#~résultats|pour|Plus de résultats|La recherche n’a pas abouti.|Essayez avec|Effacer|Partager l’article|Lien copié|#~min de lecture|trouvé en|Plus d’articles|Articles connexes|Rubrique|Langue|Année|Personne',
  it: '«#»|Cerca articoli|Risultati|Nessun risultato|#~risultato|#~risultati|per|Altri risultati|La ricerca non è riuscita.|Prova con|Cancella|Condividi l’articolo|Link copiato|#~min di lettura|trovato in|Altri articoli|Articoli correlati|Sezione|Lingua|Anno|Persona',
  es: '«#»|Buscar artículos|Resultados|Ningún resultado|#~resultado|#~resultados|para|Más resultados|La búsqueda ha fallado.|Pruebe con|Borrar|Compartir el artículo|Enlace copiado|#~min de lectura|encontrado en|Más artículos|Artículos relacionados|Sección|Idioma|Año|Persona',
  pt: '“#”|Pesquisar artigos|Resultados|Nenhum resultado|#~resultado|#~resultados|para|Mais resultados|A pesquisa falhou.|Experimente|Limpar|Compartilhar o artigo|Link copiado|#~min de leitura|encontrado em|Mais artigos|Artigos relacionados|Seção|Idioma|Ano|Pessoa',
  ar: '«#»|البحث في المقالات|النتائج|لا توجد نتائج|نتيجة واحدة|#~نتيجة|عن|المزيد من النتائج|تعذّر البحث.|جرّب|مسح|مشاركة المقال|نُسخ الرابط|القراءة: #~د|وُجد باللغة|المزيد من المقالات|مقالات ذات صلة|القسم|اللغة|السنة|الشخص|نتيجتان|#~نتائج',
};

/** The primary language of a tag: "fr-CA" and "FR_ca" give "fr". */
export function primary(tag: string | undefined): string {
  return (tag || '').toLowerCase().split(/[-_]/)[0];
}

/** The locale and the words for a language, English where it is not one of ours; some words may be the partner's own. */
export function strings(lang: string, own: string | null): [string, Strings] {
  let locale = primary(lang);
  if (!table[locale]) lang = locale = 'en';
  const t: Record<string, string> = {};
  table[locale].replace(/~/g, '\u00a0').split('|').forEach((word, i) => { t[names[i]] = word; });
  try {
    Object.assign(t, JSON.parse(own || '{}'));
    locale = Intl.getCanonicalLocales(lang)[0];
  } catch {
    // a tag that is none, or no JSON: what we have is good enough
  }
  return [locale, t as unknown as Strings];
}

/** A text with its placeholder filled in. */
export function fill(text: string | undefined, value: string | number): string {
  return `${text}`.replace('#', () => `${value}`);
}

/** "3 résultats pour « x »", with the plural of the locale; "3 résultats" of everything. */
export function count(locale: string, t: Strings, total: number, query: string): string {
  const words = total ? t[new Intl.PluralRules(locale).select(total)] || t.other : t.none;
  const found = fill(words, new Intl.NumberFormat(locale).format(total));
  return query ? `${found} ${t.for} ${fill(t.quote, query)}` : found;
}
