// The worker that does the proof of work: a number that gives SHA-256("<challenge>:<number>") enough leading zero bits.

import { leadingZeros, sha256 } from "./sha256.js";

self.addEventListener("message", ({ data: { challenge, bits } }) => {
  let number = 0;
  while (leadingZeros(sha256(`${challenge}:${number}`)) < bits) number += 1;
  self.postMessage(String(number));
});
