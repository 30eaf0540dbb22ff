/*
 * national_id.h
 *		Numbers by which states know people.
 */
#ifndef CDPK_NATIONAL_ID_H
#define CDPK_NATIONAL_ID_H

#include "core/base/cdpk.h"

/*
 * Find out whether a text is such a number: of Brazil (CPF), France (NIR), Germany (tax id), Italy (codice fiscale), the
 * Netherlands (BSN), Poland (PESEL), Spain (DNI, NIE), Sweden (personnummer), the United Kingdom (NINO) or the United
 * States (SSN, with its hyphens).  *near: it has the form of one, whatever its check digits are.
 */
extern bool cdpk_national_id(const char *text, size_t length, bool *near);

#endif /* CDPK_NATIONAL_ID_H */
