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
// with AES-256-GCM under a key of their own: HKDF-SHA256(sealer, salt, encryptionInfo). What stands before them in
// an entry (front), the salt and the entry's [Key] are authenticated with them, so that no bit can change and
// nothing can take the place of another entry's.
//
// The sealer is a random client secret and no password, which is why HKDF suffices and nothing slow is needed.
const (
	saltSize = 32

	// Both were named when the format was in its first version, and never change: a sealer has one ID.
	encryptionInfo = "terraform-provider-goto cache entry v1: encryption"
	nameInfo       = "terraform-provider-goto cache entry v1: name"
)

// sealID tells the sealers of one entry apart without telling anything about them.
type sealID [8]byte

func sealOf(key Key, sealer secret.Value) (sealID, error) {
	id, err := derive(sealer, key[:], nameInfo, len(sealID{}))
	if err != nil {
		return sealID{}, fmt.Errorf("naming the seal of the cache entry %s: %w", key, err)
	}
	return sealID(id), nil
}

func seal(key Key, sealer secret.Value, front, plaintext []byte) ([]byte, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // ends the process rather than fail
	aead, err := newAEAD(sealer, salt)
	if err != nil {
		return nil, err
	}
	return aead.Seal(salt, nil, plaintext, slices.Concat(front, salt, key[:])), nil
}

// unseal undoes seal. Its errors are clauses about the entry.
func unseal(key Key, sealer secret.Value, front, sealed []byte) ([]byte, error) {
	if len(sealed) < saltSize {
		return nil, errors.New("it is cut short")
	}
	salt, ciphertext := sealed[:saltSize], sealed[saltSize:]
	aead, err := newAEAD(sealer, salt)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, nil, ciphertext, slices.Concat(front, salt, key[:]))
	if err != nil { // GCM does not say more than that either
		return nil, errors.New("it is damaged, or was put in the place of another entry")
	}
	return plaintext, nil
}

// newAEAD returns the cipher of one seal. It puts the nonce before the ciphertext by itself.
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
	if sealer.IsEmpty() { // anybody could derive the key
		return nil, errors.New("there is no client secret to seal it with")
	}
	return hkdf.Key(sha256.New, []byte(sealer.Reveal()), salt, info, size)
}
