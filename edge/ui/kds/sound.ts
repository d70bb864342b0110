/** Two short tones for a new ticket, by WebAudio; silent until somebody has touched the screen, as browsers demand. */

import { signal } from "@preact/signals";

const STORED = "comanda.kds.sound";

/** `touch` while the browser waits for a first touch. */
export const sound = signal<"on" | "off" | "touch">(localStorage.getItem(STORED) === "off" ? "off" : "touch");

let audio: AudioContext | null = null;

/** Called at every touch; the first one opens the way. */
export function touched(): void {
  if (sound.value !== "touch") return;
  audio ??= new AudioContext();
  void audio.resume().then(() => {
    if (sound.value === "touch") sound.value = "on";
  });
}

export function toggleSound(): void {
  sound.value = sound.value === "on" ? "off" : "on";
  localStorage.setItem(STORED, sound.value);
  if (sound.value === "on") {
    audio ??= new AudioContext();
    void audio.resume().then(chime);
  }
}

export function chime(): void {
  if (sound.value !== "on" || audio === null) return;
  for (const [index, frequency] of [784, 1_047].entries()) {
    const start = audio.currentTime + index * 0.14;
    const tone = new OscillatorNode(audio, { frequency, type: "triangle" });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.5, start + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.32);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.35);
  }
}
