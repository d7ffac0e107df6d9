package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// keyVersion is hashed into every key. Changing it, or anything else here, loses all stored entries.
const keyVersion = "terraform-provider-goto cache key v1"

// Key identifies an entry. It reveals nothing about the parts it was made of.
type Key [sha256.Size]byte

// NewKey returns the key for parts, which may be secret. The same parts give the same key in every release.
//
// It is the SHA-256 of the version and the parts, each preceded by its length in eight bytes, so different lists
// of parts never have the same encoding: ("a", "bc") and ("ab", "c") are different keys.
func NewKey(parts ...string) Key {
	encoded := appendPart(nil, keyVersion)
	for _, part := range parts {
		encoded = appendPart(encoded, part)
	}
	return sha256.Sum256(encoded)
}

func appendPart(encoded []byte, part string) []byte {
	return append(binary.BigEndian.AppendUint64(encoded, uint64(len(part))), part...)
}

// String returns the key in hexadecimal.
func (k Key) String() string { return hex.EncodeToString(k[:]) }
