/** A clock that runs while nothing is heard. */
export interface Silence {
  heard(): void;
  stop(): void;
}

/**
 * Calls `fell` after so many milliseconds in which nothing was heard. A process that was itself held up (a long turn, a machine
 * that was suspended) finds its clocks run out before it reads what came meanwhile: it reads once before it judges.
 */
export function afterSilence(milliseconds: number, fell: () => void): Silence {
  let heard = false;
  let judging: NodeJS.Immediate | undefined;
  const judge = () => {
    if (!heard) fell();
  };
  const timer = setTimeout(() => {
    heard = false;
    judging = setImmediate(judge);
  }, milliseconds);
  return {
    heard() {
      heard = true;
      timer.refresh();
    },
    stop() {
      clearTimeout(timer);
      clearImmediate(judging);
    },
  };
}
