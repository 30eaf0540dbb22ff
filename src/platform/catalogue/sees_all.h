/*
 * sees_all.h
 *		Whether row security hides rows of a table from a role.
 */
#ifndef CDP_CATALOGUE_SEES_ALL_H
#define CDP_CATALOGUE_SEES_ALL_H

/* Tells whether a role sees all rows of a table: row security does not apply to it, or a policy admits it without a condition. */
extern bool sees_all(Oid table, Oid role);

#endif /* CDP_CATALOGUE_SEES_ALL_H */
