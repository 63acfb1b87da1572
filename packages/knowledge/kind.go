package knowledge

// HeadSize is how many bytes of a file's beginning Kind needs.
const HeadSize = 4096

// Kind is the media type of a file by how it begins, of those that are read or are pictures; "" for every other. An older
// Word file, and a locked DOCX, is "application/x-ole-storage"; every ZIP begins as a DOCX does.
func Kind(head []byte) string { return sniff(head[:min(len(head), HeadSize)]) }
