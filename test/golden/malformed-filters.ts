/** Filters that must be 400 with ProblemDetails (1.2, 3.1). */

import type { Major } from './attributes.js';

interface FilterFault {
  readonly why: string;
  /** One text, or one for each repetition of the parameter. */
  readonly filter: string | readonly string[];
  /** Under `/{apiName}/{major}`; the pools when not said. */
  readonly path?: string;
  /** The only major in which it is a fault. */
  readonly only?: Major;
}

const faults: readonly (readonly [why: string, filter: string])[] = [
  ['an unknown operator', '(foo,name,x)'],
  ['no expression at all', 'garbage'],
  ['no value', '(eq,name)'],
  ['no value for a multi-valued operator', '(in,name)'],
  ['no attribute', '(eq)'],
  ['an empty attribute', '(eq,,x)'],
  ['nothing in parentheses', '()'],
  ['no parentheses', 'eq,name,x'],
  ['no opening parenthesis', 'eq,name,x)'],
  ['no closing parenthesis', '(eq,name,x'],
  ['a closing parenthesis too many', '(eq,name,x))'],
  ['text after the expression', '(eq,name,x)y'],
  ['expressions without ; between', '(eq,name,x)(eq,name,y)'],
  ['two values for eq', '(eq,name,x,y)'],
  ['two values for neq', '(neq,name,x,y)'],
  ['two values for gt', '(gt,name,x,y)'],
  ['two values for gte', '(gte,name,x,y)'],
  ['two values for lt', '(lt,name,x,y)'],
  ['two values for lte', '(lte,name,x,y)'],
  ['an unbalanced quote', `(eq,name,'x)`],
  ['a quote that ends too early', `(eq,name,'x'y)`],
  ['a quote that is not doubled', `(eq,name,'row 'B'')`],
  ['an empty expression between ;', '(eq,name,x);;(eq,name,y)'],
  ['an empty expression at the start', ';(eq,name,x)'],
  ['an empty expression at the end', '(eq,name,x);'],
  ['a lone ;', ';'],
  ['an OR, which the grammar has not', '(eq,name,x)|(eq,name,y)'],
  ['a negation, which the grammar has not', '(not,name,x)'],
  ['an unknown attribute', '(eq,WrongAttrName,x)'],
  ['an unknown attribute in a multi-valued expression', '(nin,WrongAttrName,x,y)'],
  ['an unknown attribute behind a good expression', '(neq,name,x);(eq,WrongAttrName,x)'],
  ['a path below a simple attribute', '(eq,name/first,x)'],
  ['an attribute of another type', '(eq,resourceClass,COMPUTE)'],
];

export const malformed: readonly FilterFault[] = [
  ...faults.map(([why, filter]) => ({ why, filter })),
  { why: 'an attribute of v2 alone', filter: '(eq,oCloudSiteId,x)', only: 'v1' },
  { why: 'an attribute of v2 alone', filter: '(eq,alarmDictionaryId,x)', path: '/resourceTypes', only: 'v1' },
  { why: 'an attribute of v2 alone', filter: '(eq,performanceDictionaryId,x)', path: '/resourceTypes', only: 'v1' },
  { why: 'an attribute of a pool', filter: '(eq,oCloudId,x)', path: '/resourcePools/{resourcePoolId}/resources' },
  { why: 'an unknown member', filter: '(eq,elements/nothing,x)', path: '/resourcePools/{resourcePoolId}/resources' },
  { why: 'an unknown member', filter: '(eq,civicAddress/nothing,x)', path: '/locations' },
  { why: 'one bad filter of two', filter: ['(neq,name,x)', 'garbage'] },
];

/** 1.2, Rule: `filter` on a single object is 400. */
export const singleObjects = [
  '/resourceTypes/{resourceTypeId}',
  '/resourcePools/{resourcePoolId}',
  '/resourcePools/{resourcePoolId}/resources/{resourceId}',
  '/deploymentManagers/{deploymentManagerId}',
  '/locations/{globalLocationId}',
  '/oCloudSites/{oCloudSiteId}',
] as const;
