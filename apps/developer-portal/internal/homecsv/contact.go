package homecsv

import (
	"net/mail"
	"strings"
	"unicode"
)

// parseEmail wants one bare address with a domain that has a dot, and returns
// it in lower case.
func parseEmail(s string) (string, Code) {
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	addr, err := mail.ParseAddress(s)
	if err != nil || addr.Address != s || strings.ContainsAny(s, "\" \t()<>,;:\\[]") {
		return "", CodeBadEmail
	}
	local, domain, _ := strings.Cut(s, "@")
	if len(local) > 64 || !strings.Contains(domain, ".") {
		return "", CodeBadEmail
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", CodeBadEmail
		}
		for _, r := range label {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && !unicode.IsMark(r) {
				return "", CodeBadEmail
			}
		}
	}
	return strings.ToLower(s), ""
}

// parsePhone is lenient: 5 to 20 digits with the usual signs between them, a
// plus in front and an extension behind. The text is kept as written.
func parsePhone(s string) (string, Code) {
	number := strings.ToLower(s)
	for _, word := range []string{"extension", "ext.", "ext", "x"} {
		if before, after, ok := strings.Cut(number, word); ok && after != "" {
			number = before + after
			break
		}
	}
	digits := 0
	for i, r := range number {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+':
			if i != 0 && number[i-1] != '(' {
				return "", CodeBadPhone
			}
		case !strings.ContainsRune(" ()-./–‑", r):
			return "", CodeBadPhone
		}
	}
	if digits < 5 || digits > 20 {
		return "", CodeBadPhone
	}
	return s, ""
}
