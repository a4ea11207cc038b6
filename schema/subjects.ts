import { Audit } from './audit.js';
import { Backup } from './backup.js';
import { objects } from './objects.js';

/** What operations are about: every object, and what of the gateway itself has no rows. */
const subjects = { ...objects, AuditEntry: Audit, Backup } as const;

export type SubjectName = keyof typeof subjects;

/** The collection that a subject is called by. */
export type CollectionOf<N extends SubjectName> = (typeof subjects)[N]['collection'];
