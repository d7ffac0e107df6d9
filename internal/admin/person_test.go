package admin

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDecodePerson(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want Person
	}{
		"keys as numbers": {
			`{"key":29876543210987654321012345,"accountKey":8123456789012345679,"accounts":[{"key":901234567890123457,"name":"n"}]}`,
			Person{Key: "29876543210987654321012345", AccountKey: "8123456789012345679", Accounts: []Account{{Key: "901234567890123457", Name: "n"}}},
		},
		"keys as strings": {
			`{"key":"29876543210987654321012345","accountKey":"8123456789012345679","accounts":[{"key":"901234567890123457","adminRoles":["r"]}]}`,
			Person{Key: "29876543210987654321012345", AccountKey: "8123456789012345679", Accounts: []Account{{Key: "901234567890123457", AdminRoles: []string{"r"}}}},
		},
		"nulls":            {`{"key":null,"accounts":null,"createTime":null}`, Person{}},
		"nothing":          {`{}`, Person{}},
		"creation":         {`{"createTime":1462375828000}`, Person{CreatedAt: time.Date(2016, 5, 4, 15, 30, 28, 0, time.UTC)}},
		"absurd creation":  {`{"createTime":1e300}`, Person{}},
		"unknown creation": {`{"createTime":-1}`, Person{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := decodePerson([]byte(test.body))
			if difference := cmp.Diff(test.want, got); err != nil || difference != "" {
				t.Errorf("%v %s", err, difference)
			}
		})
	}
	for _, body := range []string{``, `[]`, `"text"`, `<html>`, `{"key":{}}`, `{"key":tru`} {
		if got, err := decodePerson([]byte(body)); err == nil || !strings.Contains(err.Error(), "GET Me") {
			t.Errorf("%q: %+v, %v", body, got, err)
		}
	}
}

func FuzzDecodePerson(f *testing.F) {
	for _, body := range []string{`{"key":1}`, `{"key":"1","accounts":[{"key":2}],"createTime":1e3}`, `[]`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(_ *testing.T, body []byte) { _, _ = decodePerson(body) })
}
