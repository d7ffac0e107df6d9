package bucket

// Unbounded writes like [Bucket.Put], whatever the size and without proving the store.
var Unbounded = (*Bucket).put

// Clean makes a text of others fit for a message.
var Clean = clean
