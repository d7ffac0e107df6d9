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
//	worth (1 byte) | seal ID (8) | length (4, big endian) | sealed bytes
//
// The checksum distinguishes a complete file from an incomplete one, without a secret.
const (
	// header tells people who find the file what it is, and programs which format it has.
	header      = "terraform-provider-goto cache entry v2\n"
	sectionHead = 1 + len(sealID{}) + 4
)

// section is what an entry holds for one sealer.
type section struct {
	worth  Worth
	seal   sealID
	sealed []byte
}

func newSection(key Key, id sealID, sealer secret.Value, plaintext []byte, worth Worth) (section, error) {
	sealed, err := seal(key, sealer, front(worth), plaintext)
	return section{worth, id, sealed}, err
}

func (s section) unseal(key Key, sealer secret.Value) ([]byte, error) {
	return unseal(key, sealer, front(s.worth), s.sealed)
}

// front returns the bytes before a section's sealed bytes that are authenticated with them.
func front(worth Worth) []byte { return append([]byte(header), byte(worth)) }

// format returns the contents of an entry.
func format(sections []section) []byte {
	var rest []byte
	for _, s := range sections {
		rest = append(rest, byte(s.worth))
		rest = append(rest, s.seal[:]...)
		rest = binary.BigEndian.AppendUint32(rest, uint32(len(s.sealed))) //nolint:gosec // far below maxEntrySize
		rest = append(rest, s.sealed...)
	}
	sum := sha256.Sum256(rest)
	return slices.Concat([]byte(header), sum[:], rest)
}

// parse returns the sections that it finds in contents, which may be damaged. Each section is authenticated separately,
// and one that another sealer can still open must survive the next write.
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
		sections = append(sections, section{Worth(head[0]), sealID(head[1 : 1+len(sealID{})]), body[:size]})
		rest = body[size:]
	}
	return sections
}

// isWhole reports whether contents are a complete entry.
func isWhole(contents []byte) bool {
	rest, found := bytes.CutPrefix(contents, []byte(header))
	if !found || len(rest) < sha256.Size {
		return false
	}
	sum := sha256.Sum256(rest[sha256.Size:])
	return bytes.Equal(rest[:sha256.Size], sum[:])
}

// damage returns a clause that says what is wrong with contents that are not whole.
func damage(contents []byte) string {
	if !bytes.HasPrefix(contents, []byte(header)) {
		return "it does not begin like an entry of this format"
	}
	return "it is damaged or truncated"
}

// keepsAny reports whether one of the sections is worth keeping.
func keepsAny(sections []section) bool {
	return slices.ContainsFunc(sections, func(s section) bool { return s.worth == Lasting })
}
