// The kinds of advice that can be wished for, in the order in which a result shows them.

import { looksCard } from "./looks.js";
import { outfitsCard } from "./outfits.js";
import { routineCard } from "./routine.js";

/**
 * kind: the API's word. wish: as it is offered. made: as in "Making your routine". asks: whether
 * the occasion and the weather matter to it. title: of its card; jump: the short form, for the list
 * of parts. draw({title, document, result, cite, about}) -> {element, update(document)}: a result
 * that did not fail; cite(ids) numbers its sources, about is what feedback on it starts with,
 * update takes a newer document and may be left out.
 */
export const KINDS = [
  { kind: "skincare", wish: "A skincare routine", made: "routine", asks: false, title: "Your routine", jump: "Routine", draw: routineCard },
  { kind: "makeup", wish: "A make-up look", made: "look", asks: true, title: "Looks", jump: "Looks", draw: looksCard },
  { kind: "outfit", wish: "An outfit", made: "outfit", asks: true, title: "Outfits", jump: "Outfits", draw: outfitsCard },
];
