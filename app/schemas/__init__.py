"""The schemas room: what may be asked, read and checked: the same for a request of the API and a form of a page."""
