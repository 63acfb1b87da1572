package knowledge

import "openhouse.example/packages/ui/text"

// State is what became of a file's text, as document_versions.text_state has it.
type State string

const (
	Ready  State = "ready"   // it has passages and is searched
	NoText State = "no_text" // it is kept and shown, but there is nothing to search
	Failed State = "failed"  // it can't be read
)

// Reason says why a file has no text to search; "" if it has. It is stored beside the state.
type Reason string

const (
	Picture     Reason = "picture"     // a raster image
	Scanned     Reason = "scanned"     // a PDF whose pages are pictures
	Empty       Reason = "empty"       // no words in it
	Encrypted   Reason = "encrypted"   // a password is needed
	Damaged     Reason = "damaged"     // cut off or no longer what its beginning says
	Unsupported Reason = "unsupported" // another kind of file
	TooLarge    Reason = "too-large"   // more than MaxBytes
	TooLong     Reason = "too-long"    // more pages or more text than is searched
	Bomb        Reason = "bomb"        // unpacks to far more than a document holds
	TooSlow     Reason = "too-slow"    // took longer than Limit
)

// Keys that are put together here, declared for text.CheckUsage:
// text:keys knowledge.reason.*

// State is the one that goes with a reason.
func (r Reason) State() State {
	switch r {
	case "":
		return Ready
	case Picture, Scanned, Empty:
		return NoText
	}
	return Failed
}

// Message is the sentence for staff: what is wrong and what to do about it.
func (r Reason) Message() text.Message {
	if r == "" {
		return text.Message{}
	}
	return text.M("knowledge.reason." + string(r))
}
