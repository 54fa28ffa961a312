// SPDX-License-Identifier: Apache-2.0

declare module '*.css' {
  /** The minified text of the style sheet. */
  const text: string;
  export default text;
}
