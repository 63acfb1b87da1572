// Package auth says who is asking: it signs session tokens and checks them.
//
// A token is a JWT with the claims iss, aud, sub, tenant_id, role, sid, iat and
// exp, and for a resident development_id and unit_id. It is signed with Ed25519
// by one portal and accepted by that portal alone. The header's typ marks it as
// a session, so that no other signed thing (an e-mail link, a preview, a file
// link) can be used as one.
//
// The package refuses to know HTTP, cookies and the database. A verified token
// proves only that this portal signed these claims; whether the session still
// lives is asked of the database, in the scope that the claims make.
package auth
