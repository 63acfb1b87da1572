package homecsv

import (
	"bytes"
	"io"
	"testing"
)

// BenchmarkTenThousand reads the largest sample. The preview of an import
// waits for it: it has to stay below 300 ms.
func BenchmarkTenThousand(b *testing.B) {
	raw := sample(b, "ten-thousand.csv")
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if f, err := Parse(bytes.NewReader(raw), Options{}); err != nil || len(f.Rows) != 10000 {
			b.Fatalf("%d rows, %v", len(f.Rows), err)
		}
	}
}

func BenchmarkErrorFile(b *testing.B) {
	f, err := Parse(bytes.NewReader(sample(b, "ten-thousand.csv")), Options{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range f.Rows {
		f.Rows[i].Problems = []Problem{{Line: i + 2, Code: CodeRequired}}
	}
	for b.Loop() {
		if err := ErrorFile(io.Discard, f.Header, f.Delimiter, f.Rows, codes); err != nil {
			b.Fatal(err)
		}
	}
}
