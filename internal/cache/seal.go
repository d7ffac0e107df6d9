package cache

import (
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

// Sealed bytes are
//
//	salt | nonce | ciphertext | tag
//
// encrypted with AES-256-GCM under a key of their own: HKDF-SHA256(sealer, salt, encryptionInfo). A prefix, the salt
// and the entry's [Key] are authenticated with them, so no bit can change unnoticed, and sealed bytes cannot be moved
// to another entry.
//
// The sealer is a random client secret rather than a password, so HKDF is enough and no slow function is needed.
const (
	saltSize = 32

	// Both are from the first version of the format and never change, so that a sealer always has the same ID.
	encryptionInfo = "terraform-provider-goto cache entry v1: encryption"
	nameInfo       = "terraform-provider-goto cache entry v1: name"
)

// sealID distinguishes the sealers of an entry without revealing anything about them.
type sealID [8]byte

func sealOf(key Key, sealer secret.Value) (sealID, error) {
	id, err := derive(sealer, key[:], nameInfo, len(sealID{}))
	if err != nil {
		return sealID{}, fmt.Errorf("deriving the seal ID of the cache entry %s: %w", key, err)
	}
	return sealID(id), nil
}

func seal(key Key, sealer secret.Value, prefix, plaintext []byte) ([]byte, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails; it ends the process instead
	aead, err := newAEAD(sealer, salt)
	if err != nil {
		return nil, err
	}
	return aead.Seal(salt, nil, plaintext, slices.Concat(prefix, salt, key[:])), nil
}

// unseal reverses seal. Its errors are clauses about the entry.
func unseal(key Key, sealer secret.Value, prefix, sealed []byte) ([]byte, error) {
	if len(sealed) < saltSize {
		return nil, errors.New("it is truncated")
	}
	salt, ciphertext := sealed[:saltSize], sealed[saltSize:]
	aead, err := newAEAD(sealer, salt)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, nil, ciphertext, slices.Concat(prefix, salt, key[:]))
	if err != nil { // GCM says no more than that
		return nil, errors.New("it is damaged, or was moved from another entry")
	}
	return plaintext, nil
}

// newAEAD returns the cipher of a seal. The cipher itself puts the nonce before the ciphertext.
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

func derive(sealer secret.Value, salt []byte, info string, size int) ([]byte, error) {
	if sealer.IsEmpty() { // anyone could derive the key
		return nil, errors.New("there is no client secret to encrypt it with")
	}
	return hkdf.Key(sha256.New, []byte(sealer.Reveal()), salt, info, size)
}
