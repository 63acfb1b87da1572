package documents

import (
	"path/filepath"
	"strings"

	"openhouse.example/packages/knowledge"
	"openhouse.example/packages/ui/text"
)

// MaxBytes is the size of the largest file.
const MaxBytes = knowledge.MaxBytes

// HeadSize is how many bytes of a file's beginning Kind needs.
const HeadSize = knowledge.HeadSize

const (
	mimeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	mimeOLE  = "application/x-ole-storage"
	mimeText = "text/plain"
	mimeMD   = "text/markdown"
)

// Kind is the media type under which a file is kept, by how it begins; "" if documents are no such files. Its name only
// tells apart what begins alike: a Word file from other archives, Markdown from other text.
func Kind(head []byte, name string) string {
	end := strings.ToLower(filepath.Ext(name))
	switch kind := knowledge.Kind(head); kind {
	case mimeDOCX, mimeOLE: // a locked Word file is the latter; it gets its sentence when it is read
		if end == ".docx" {
			return kind
		}
		return ""
	case mimeText:
		if end == ".md" || end == ".markdown" {
			return mimeMD
		}
		return kind
	default:
		return kind
	}
}

// GaveUp is the reason of a version whose reading failed for good although nothing is wrong with the file.
const GaveUp = "gave-up"

// Reason is the sentence for staff about a version's reason, and whether there is one.
func Reason(reason string) (text.Message, bool) {
	switch reason {
	case "":
		return text.Message{}, false
	case GaveUp:
		return text.M("document.reason.gave-up"), true
	}
	return knowledge.Reason(reason).Message(), true
}
