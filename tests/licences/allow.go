package licences

// allowed are the terms that what we ship, and what we test with, may have: those
// that ask for a notice, and MPL-2.0, which covers its own files only.
var allowed = set("MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "MPL-2.0", "Unlicense", "CC0-1.0")

// allowedFonts are allowed for files of fonts, beside those above.
var allowedFonts = set("OFL-1.1", "Bitstream-Vera")

// allowedTools are allowed for programs that we run and never link, beside those
// above: what they write is ours.
var allowedTools = set("GPL-3.0", "GPL-3.0-or-later", "PostgreSQL")

// known are texts that the classifier doesn't know, by their hash, each read by a
// person: another text is another look.
var known = map[string][]string{
	"7a083b136e64d064794c3419751e5c7dd10d2f64c108fe5ba161eae5e5958a93": {"Bitstream-Vera"}, // DejaVu: Bitstream's terms, and the same of Arev
	"01c266bced4a434da0051174d6bee16a4c82cf634e2679b6155d40d75012390f": {"MIT"},            // go-check-sumtype: MIT or Unlicense, whose texts stand beside it
	"b495047bd93a9b06913511076f504daba17d5bbeb3e0650f3bb53a4220329c57": {"ISC", "MIT"},     // Lucide: ISC, some icons MIT, with their names between
}

func set(ids ...string) map[string]bool {
	m := map[string]bool{}
	for _, id := range ids {
		m[id] = true
	}
	return m
}
