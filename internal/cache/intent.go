package cache

import (
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
)

// writeIntent writes an entry durably. First it reserves space for the next write, with a file of random bytes at the
// path that the next write uses.
func (d *Directory) writeIntent(name string, contents []byte) error {
	path, err := d.writablePath(name)
	if err != nil {
		return err
	}
	reserved := make([]byte, max(minReserved, 2*len(contents)))
	var seed [32]byte
	_, _ = rand.Read(seed[:])
	_, _ = mathrand.NewChaCha8(seed).Read(reserved) // zeros might take up no space on the disk
	err = d.writePending(path+pendingSuffix, reserved, false)
	if err == nil {
		err = d.replace(path, path+intentSuffix, contents, true)
	}
	if err != nil {
		return d.unusable(errors.Join(err, removeIfThere(path+pendingSuffix)), "an entry in it cannot be written", makeWritable(err))
	}
	return nil
}

// minReserved is the least that is reserved: the size of a large entry.
const minReserved = 16 << 10
