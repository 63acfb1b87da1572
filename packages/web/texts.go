package web

// The sentences of this package, for JSON answers and for pages without a text
// of their own. None says more than the client may know.
const (
	textNotFound     = "There is nothing here."
	textInvalid      = "Some of what you entered can't be used. Check the marked fields."
	textUnauthorized = "Sign in to go on."
	textForbidden    = "Your role doesn't allow this."
	textCrossOrigin  = "This request came from another site's page. Open the page here and try again."
	textTooMany      = "Too many tries in a short time. Wait a moment, then try again."
	textTooLarge     = "That is too large: at most %s can be sent here."
	textTooSlow      = "What you sent arrived too slowly and was cut off. Try again where the network is better."
	textMethod       = "This address can't be used that way."
	textBusy         = "Many people are here at the moment. Try again in a few seconds."
	textDown         = "We can't reach our data at the moment. Nothing is lost; try again in a few seconds."
	textTimeout      = "This took too long and was stopped. Try again in a few seconds."
	textLocked       = "Somebody else is changing this at the moment. Try again in a few seconds."
	textReadOnly     = "Nothing can be saved at the moment. Try again in a few seconds."
	textUnknown      = "We can't tell whether this was saved. Send it again as it is: it will not be done twice."
	textKeyReused    = "This form was already used for something else. Open it anew and enter it again."
	textKeyBusy      = "This is being saved already. Wait a few seconds."
	textExists       = "This exists already."
	textReferenced   = "This is connected with something else and can't be changed that way."
	textCheck        = "One of the values is outside what is possible."
	textInternal     = "Something went wrong on our side. We have noted it; please try again later."

	textJSONType   = "Send JSON, with Content-Type: application/json."
	textJSONEmpty  = "The body is empty; send one JSON object."
	textJSONSyntax = "This is not JSON: look at character %d."
	textJSONMore   = "Send one JSON value and nothing after it."
	textJSONShape  = "One of the values can't be read."
	textFormBroken = "The form can't be read. Open the page anew and try again."
)

// What a field can be told.
const (
	MsgRequired   = "Fill this in."
	MsgTooLong    = "At most %d characters, please."
	MsgCharacters = "This contains characters that can't be stored."
	MsgOneLine    = "Put this on one line."
	MsgChoose     = "Choose one of the offered."
	MsgUnknown    = "There is no such field here."
	MsgWrongType  = "This must be %s."
)
