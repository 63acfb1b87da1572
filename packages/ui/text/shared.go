package text

// Words that this room offers to the apps; the apps' own tests check that what
// they use exists.
// text:keys action.*
// text:keys field.*
