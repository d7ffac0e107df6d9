package cache

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// A sealed entry is
//
//	header | salt | nonce | ciphertext | tag
//
// with AES-256-GCM under a key of its own: HKDF-SHA256(sealer, salt, encryptionInfo). The header, the salt and
// the entry's [Key] are authenticated with it, so that no bit of the file can change and no file can take the
// place of another.
//
// The sealer is a random client secret and no password, which is why HKDF suffices and nothing slow is needed.
const (
	// header tells a person who finds the file what it is, and a program which format it has.
	header   = "terraform-provider-goto cache entry v1\n"
	saltSize = 32

	encryptionInfo = "terraform-provider-goto cache entry v1: encryption"
	nameInfo       = "terraform-provider-goto cache entry v1: name"
)

func seal(key Key, sealer secret.Value, plaintext []byte) ([]byte, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // ends the process rather than fail
	front := slices.Concat([]byte(header), salt)
	aead, err := newAEAD(sealer, salt)
	if err != nil {
		return nil, fmt.Errorf("sealing a cache entry: %w", err)
	}
	return aead.Seal(front, nil, plaintext, slices.Concat(front, key[:])), nil
}

// unseal undoes seal. Its error is an [*UnreadableError] about path, unless there is no usable sealer.
func unseal(path string, key Key, sealer secret.Value, sealed []byte) ([]byte, error) {
	if !bytes.HasPrefix(sealed, []byte(header)) {
		return nil, &UnreadableError{path, "it does not begin like an entry of this format"}
	}
	frontSize := len(header) + saltSize
	if len(sealed) < frontSize {
		return nil, &UnreadableError{path, "it is cut short"}
	}
	front, ciphertext := sealed[:frontSize], sealed[frontSize:]
	aead, err := newAEAD(sealer, front[len(header):])
	if err != nil {
		return nil, fmt.Errorf("opening the cache entry %s: %w", path, err)
	}
	plaintext, err := aead.Open(nil, nil, ciphertext, slices.Concat(front, key[:]))
	if err != nil { // GCM does not say more than that either
		return nil, &UnreadableError{path, "it is damaged, or was put in the place of another entry"}
	}
	return plaintext, nil
}

// newAEAD returns the cipher of one entry. It puts the nonce before the ciphertext by itself.
func newAEAD(sealer secret.Value, salt []byte) (cipher.AEAD, error) {
	key, err := derive(sealer, salt, encryptionInfo, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func nameOf(key Key, sealer secret.Value) (Name, error) {
	id, err := derive(sealer, key[:], nameInfo, len(Name{}.Seal))
	if err != nil {
		return Name{}, fmt.Errorf("naming the cache entry %s: %w", key, err)
	}
	return Name{key, [8]byte(id)}, nil
}

func derive(sealer secret.Value, salt []byte, info string, size int) ([]byte, error) {
	if sealer.IsEmpty() { // anybody could derive the key
		return nil, errors.New("there is no client secret to seal it with")
	}
	return hkdf.Key(sha256.New, []byte(sealer.Reveal()), salt, info, size)
}
