package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// The contents of an entry are
//
//	header | SHA-256 of the rest | section | section | …
//
// with one section for each secret that the entry was sealed with, so that writing with one secret never destroys
// contents that another one opens. A section is
//
//	kind (1 byte) | seal ID (8) | length (4, big endian) | sealed bytes
//
// The checksum distinguishes a complete file from an incomplete one, without a secret.
const (
	// header tells people who find the file what it is, and programs which format it has.
	header      = "terraform-provider-goto cache entry v2\n"
	sectionHead = 1 + len(sealID{}) + 4
)

// section is what an entry holds for one sealer.
type section struct {
	kind   Kind
	seal   sealID
	sealed []byte
}

func newSection(key Key, id sealID, sealer secret.Value, plaintext []byte, kind Kind) (section, error) {
	sealed, err := seal(key, sealer, prefix(kind), plaintext)
	return section{kind, id, sealed}, err
}

func (s section) unseal(key Key, sealer secret.Value) ([]byte, error) {
	return unseal(key, sealer, prefix(s.kind), s.sealed)
}

// prefix returns what is authenticated together with a section's sealed bytes.
func prefix(kind Kind) []byte { return append([]byte(header), byte(kind)) }

// format returns the contents of an entry.
func format(sections []section) []byte {
	var rest []byte
	for _, s := range sections {
		rest = append(rest, byte(s.kind))
		rest = append(rest, s.seal[:]...)
		rest = binary.BigEndian.AppendUint32(rest, uint32(len(s.sealed))) //nolint:gosec // far below maxEntrySize
		rest = append(rest, s.sealed...)
	}
	sum := sha256.Sum256(rest)
	return slices.Concat([]byte(header), sum[:], rest)
}

// parse returns the sections that it finds in contents, even if they are damaged. Sections are authenticated
// separately, and one that another sealer can still open must survive the next write.
func parse(contents []byte) (sections []section) {
	rest, found := bytes.CutPrefix(contents, []byte(header))
	if !found || len(rest) < sha256.Size {
		return nil
	}
	for rest = rest[sha256.Size:]; len(rest) >= sectionHead; {
		head, body := rest[:sectionHead], rest[sectionHead:]
		size := binary.BigEndian.Uint32(head[1+len(sealID{}):])
		if uint64(size) > uint64(len(body)) {
			return sections
		}
		sections = append(sections, section{Kind(head[0]), sealID(head[1 : 1+len(sealID{})]), body[:size]})
		rest = body[size:]
	}
	return sections
}

// isComplete reports whether contents are a complete entry.
func isComplete(contents []byte) bool {
	rest, found := bytes.CutPrefix(contents, []byte(header))
	if !found || len(rest) < sha256.Size {
		return false
	}
	sum := sha256.Sum256(rest[sha256.Size:])
	return bytes.Equal(rest[:sha256.Size], sum[:])
}

// damage returns a clause that says what is wrong with contents that are not complete.
func damage(contents []byte) string {
	if !bytes.HasPrefix(contents, []byte(header)) {
		return "it does not start with the header of this format"
	}
	return "it is damaged or truncated"
}

// hasRetained reports whether one of the sections is [Retained].
func hasRetained(sections []section) bool {
	return slices.ContainsFunc(sections, func(s section) bool { return s.kind == Retained })
}
