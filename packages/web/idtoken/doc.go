// Package idtoken checks tokens of a company's own identity provider, which are exchanged once for a session of ours.
//
// Such a token is a JWT that the provider has signed with a key of its own. The keys are fetched from the one address
// that the company has given for them, over https, and kept: they are refreshed in the background, a key that is not
// known asks for them again at most once a minute, and while the provider is away the last ones go on for KeepFor.
// Nothing that a token says about where its key is to be found is followed.
//
// The package refuses to know HTTP requests, sessions and the database: who the companies and their providers are, and
// whether the person behind an address may get in, is asked elsewhere.
package idtoken
