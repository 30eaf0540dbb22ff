/*
 * metaschema.h
 *		The schema of schemas, to which a schema may refer.
 */
#ifndef CDPK_METASCHEMA_H
#define CDPK_METASCHEMA_H

#define CDPK_METASCHEMA_URI "http://json-schema.org/draft-07/schema"

/* what draft-07 says of the shape of a schema */
extern const char cdpk_metaschema[];

#endif /* CDPK_METASCHEMA_H */
