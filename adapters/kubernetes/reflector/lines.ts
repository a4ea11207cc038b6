import { type Splitter, Truncated } from './splitter.js';

const newline = 0x0a;

/** Lines of a byte stream, however it was cut: a newline byte is never part of another UTF-8 character. */
export function lineSplitter(): Splitter {
  let begun: Buffer[] = [];
  return {
    *push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        const rest = chunk.subarray(start, end);
        start = end + 1;
        if (begun.length === 0) yield rest;
        else {
          const line = Buffer.concat([...begun, rest]);
          begun = [];
          yield line;
        }
      }
      if (start < chunk.length) begun.push(chunk.subarray(start));
    },
    end() {
      const left = begun.reduce((sum, part) => sum + part.length, 0);
      if (left > 0) throw new Truncated(`The stream ended inside a line, after ${left} bytes of it.`);
    },
  };
}
