/** What shows nothing, or moves the text around it: format characters, what renderers ignore, the blank Braille cell. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Emoji are the ones made with joiners, variation selectors and tags (UTS #51). */
const EMOJI = /\p{RGI_Emoji}/gv;

/** Scripts that spell words with joiners (UAX #31, section 2.3), as Persian does: between their letters they stay. */
const JOINING =
  '[\\p{Script=Arabic}\\p{Script=Bengali}\\p{Script=Devanagari}\\p{Script=Gujarati}\\p{Script=Gurmukhi}\\p{Script=Kannada}' +
  '\\p{Script=Malayalam}\\p{Script=Oriya}\\p{Script=Sinhala}\\p{Script=Tamil}\\p{Script=Telugu}]';
const JOINERS = new RegExp(`(?<=${JOINING}\\p{M}*)[\\u200C\\u200D](?=${JOINING})`, 'gu');

/** Whether a text holds nothing but what a reader sees: an invisible character makes two names look like one. */
export function isVisible(text: string): boolean {
  return !INVISIBLE.test(text.replace(EMOJI, '').replace(JOINERS, ''));
}
