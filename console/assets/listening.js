// Listens to a conference: feeds what the server sends to the browser as it comes, so that what is
// heard is within a second of live. A browser that cannot be fed plays the same stream as a file.
"use strict";

const LOOK_MS = 4000;
const LATE_S = 1.5; // further behind than this, go on near the end
const NEAR_S = 0.5;
const KEPT_S = 30; // of what was heard, which the browser would keep for ever
const WEBM = 'audio/webm; codecs="opus"';

const player = document.getElementById("player");
const words = player.dataset;
const button = document.getElementById("listen");
const says = document.getElementById("says");
const hears = document.getElementById("hears");
const sound = document.getElementById("sound");
const Source = window.ManagedMediaSource || window.MediaSource;

let listening = null; // an AbortController while the sound is on

function tell(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function shown() {
  button.textContent = listening ? words.stop : words.listen;
  button.disabled = !listening && words.heard !== "yes";
}

function start() {
  const mine = (listening = new AbortController());
  const failed = () => listening === mine && stop(words.failed); // not what was begun since
  tell(hears, words.starting);
  if (Source && Source.isTypeSupported(WEBM)) {
    feed(mine.signal).catch(failed);
  } else {
    sound.src = `${words.link}/sound?${Date.now()}`;
  }
  sound.play().catch(failed);
  shown();
}

function stop(text) {
  if (!listening) return;
  listening.abort();
  listening = null;
  sound.removeAttribute("src");
  sound.load();
  tell(hears, text || "");
  shown();
}

async function feed(signal) {
  const source = new Source();
  sound.disableRemotePlayback = true; // a ManagedMediaSource asks for it
  const address = (sound.src = URL.createObjectURL(source));
  await new Promise((opened) => source.addEventListener("sourceopen", opened, { once: true }));
  URL.revokeObjectURL(address); // by now `sound` may have another, begun since
  const buffer = source.addSourceBuffer(WEBM);
  const answer = await fetch(`${words.link}/sound.webm`, { signal, cache: "no-store" });
  if (!answer.ok) throw new Error(answer.statusText);
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || signal.aborted) break;
    await fed(buffer, () => buffer.appendBuffer(value));
    await catchUp(buffer);
  }
  if (!signal.aborted && source.readyState === "open") source.endOfStream();
}

function fed(buffer, command) {
  return new Promise((done, failed) => {
    buffer.addEventListener("updateend", done, { once: true });
    buffer.addEventListener("error", failed, { once: true });
    command();
  });
}

async function catchUp(buffer) {
  const ranges = buffer.buffered;
  if (!ranges.length) return;
  const end = ranges.end(ranges.length - 1);
  if (end - sound.currentTime > LATE_S && !sound.seeking) sound.currentTime = end - NEAR_S;
  const old = sound.currentTime - KEPT_S;
  if (old > ranges.start(0) + KEPT_S) await fed(buffer, () => buffer.remove(0, old));
}

async function look() {
  try {
    const answer = await fetch(`${words.link}/state`, { cache: "no-store" });
    if (answer.ok) {
      const state = await answer.json();
      tell(says, state.says);
      words.heard = state.heard ? "yes" : "no";
      if (!state.heard) stop("");
      player.hidden = state.standing === "over";
      shown();
      if (state.standing === "over") return;
    }
  } catch {
    // away just now: looked for again
  }
  setTimeout(look, LOOK_MS);
}

button.addEventListener("click", () => (listening ? stop("") : start()));
sound.addEventListener("playing", () => listening && tell(hears, words.playing));
sound.addEventListener("ended", () => stop(""));
sound.addEventListener("error", () => stop(words.failed));
player.hidden = false;
shown();
setTimeout(look, LOOK_MS);
