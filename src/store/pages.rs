//! Rows read from the pages of a file themselves, for when the tree above them is destroyed
//! (<https://www.sqlite.org/fileformat2.html>).

use rusqlite::types::Value;

/// A leaf page of a table.
const TABLE_LEAF: u8 = 0x0d;
/// Bytes of its header.
const LEAF_HEADER: usize = 8;
/// The header of the file stands before the first page's.
const FILE_HEADER: usize = 100;
/// The size that SQLite takes, and hookctl never changes.
const DEFAULT_PAGE: usize = 4096;
/// No row of a history has more columns.
const MAX_COLUMNS: usize = 32;
/// Nothing kept is larger; a damaged length must not ask for all memory.
const MAX_PAYLOAD: usize = 1 << 30;

/// A row: its number and its columns, of which the one that holds the number is NULL.
pub(super) type RawRow = (i64, Vec<Value>);

/// The bytes of a file, page by page.
#[derive(Debug)]
pub(super) struct Pages<'f> {
    file: &'f [u8],
    size: usize,
}

impl<'f> Pages<'f> {
    pub(super) fn new(file: &'f [u8]) -> Self {
        let stated = file.get(16..18).map_or(0, |bytes| usize::from(u16::from_be_bytes([bytes[0], bytes[1]])));
        let is_header = file.starts_with(super::open::MAGIC) && stated.is_power_of_two() && stated >= 512;
        Self { file, size: if is_header { stated } else { DEFAULT_PAGE } }
    }

    /// Every row of every leaf that can be made out.
    pub(super) fn rows(&self) -> impl Iterator<Item = RawRow> + use<'_, 'f> {
        (0..self.file.len() / self.size).flat_map(|number| self.leaf(number).unwrap_or_default())
    }

    fn leaf(&self, number: usize) -> Option<Vec<RawRow>> {
        let page = self.page(number)?;
        let header = page.get(if number == 0 { FILE_HEADER } else { 0 }..)?;
        if *header.first()? != TABLE_LEAF {
            return None;
        }
        let count = usize::from(short(header, 3)?);
        let cell = |index: usize| self.cell(page, usize::from(short(header, LEAF_HEADER + 2 * index)?));
        Some((0..count.min(self.size / 2)).filter_map(cell).collect())
    }

    fn page(&self, number: usize) -> Option<&'f [u8]> {
        self.file.get(number.checked_mul(self.size)?..)?.get(..self.size)
    }

    fn cell(&self, page: &[u8], at: usize) -> Option<RawRow> {
        let mut rest = page.get(at..)?;
        let length = usize::try_from(varint(&mut rest)?).ok().filter(|length| *length <= MAX_PAYLOAD)?;
        let row = varint(&mut rest)?;
        Some((row, columns(&self.payload(rest, length)?)?))
    }

    /// What stands in the page, and on pages of its own where that is too long (section 1.6).
    fn payload(&self, rest: &[u8], length: usize) -> Option<Vec<u8>> {
        let most = self.size - 35;
        if length <= most {
            return rest.get(..length).map(<[u8]>::to_vec);
        }
        let least = (self.size - 12) * 32 / 255 - 23;
        let local = least + (length - least) % (self.size - 4);
        let local = if local <= most { local } else { least };
        let mut payload = rest.get(..local)?.to_vec();
        let mut next = long(rest, local)?;
        while payload.len() < length {
            let page = self.page(usize::try_from(next).ok()?.checked_sub(1)?)?;
            let part = (length - payload.len()).min(self.size - 4);
            payload.extend_from_slice(&page[4..4 + part]);
            next = long(page, 0)?;
        }
        // The last page of a chain names no other.
        (next == 0).then_some(payload)
    }
}

/// The columns of a record (section 2.1).
fn columns(record: &[u8]) -> Option<Vec<Value>> {
    let mut rest = record;
    let head = usize::try_from(varint(&mut rest)?).ok()?;
    let mut kinds = record.get(record.len() - rest.len()..head)?;
    let mut content = record.get(head..)?;
    let mut columns = Vec::new();
    while !kinds.is_empty() {
        let kind = varint(&mut kinds)?;
        if columns.len() == MAX_COLUMNS {
            return None;
        }
        columns.push(value(kind, &mut content)?);
    }
    content.is_empty().then_some(columns)
}

fn value(kind: i64, content: &mut &[u8]) -> Option<Value> {
    let length = match kind {
        0 | 8 | 9 => 0,
        1..=4 => usize::try_from(kind).ok()?,
        5 => 6,
        6 => 8,
        12.. => usize::try_from((kind - 12) / 2).ok()?,
        _ => return None,
    };
    let bytes = content.get(..length)?;
    *content = &content[length..];
    Some(match kind {
        0 => Value::Null,
        8 => Value::Integer(0),
        9 => Value::Integer(1),
        1..=6 => Value::Integer(integer(bytes)),
        kind if kind % 2 == 0 => Value::Blob(bytes.to_vec()),
        _ => Value::Text(String::from_utf8(bytes.to_vec()).ok()?),
    })
}

/// Two's complement, most significant byte first.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, byte| (number << 8) | i64::from(*byte))
}

fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0_i64;
    for position in 0..9 {
        let byte = *bytes.first()?;
        *bytes = &bytes[1..];
        if position == 8 {
            return Some((number << 8) | i64::from(byte));
        }
        number = (number << 7) | i64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of SQLite's own making, with rows short and long, and the same rows as it reads them.
    fn made() -> (Vec<u8>, Vec<RawRow>) {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("made.db");
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY, a, b, c)").unwrap();
        for number in 0..200_i64 {
            let body = vec![number as u8; usize::try_from(number * number).unwrap()];
            let values = rusqlite::params![number * 1_000_003 - 5, -(number << 33), format!("é{number}"), body];
            connection.execute("INSERT INTO t VALUES (?1, ?2, ?3, ?4)", values).unwrap();
        }
        let mut rows = connection.prepare("SELECT n, a, b, c FROM t ORDER BY n").unwrap();
        let rows = rows
            .query_map([], |row| Ok((row.get(0)?, vec![Value::Null, row.get(1)?, row.get(2)?, row.get(3)?])))
            .unwrap();
        let rows = rows.map(Result::unwrap).collect();
        (std::fs::read(&path).unwrap(), rows)
    }

    #[test]
    fn rows_are_read_as_sqlite_reads_them() {
        let (file, rows) = made();
        let mut read: Vec<RawRow> = Pages::new(&file).rows().filter(|(_, columns)| columns.len() == 4).collect();
        read.sort_by_key(|(number, _)| *number);
        assert!(read == rows);
    }

    #[test]
    fn without_the_first_page_all_the_same() {
        let (mut file, rows) = made();
        file[..4096].fill(0xa5);
        assert_eq!(Pages::new(&file).rows().count(), rows.len());
    }

    proptest::proptest! {
        #[test]
        fn nothing_in_a_page_makes_it_panic(page: Vec<u8>, at in 0_usize..16) {
            let mut file = vec![0x0d; 4096 * 3];
            let at = at * 700;
            let end = (at + page.len()).min(file.len());
            file[at..end].copy_from_slice(&page[..end - at]);
            let _ = Pages::new(&file).rows().count();
        }
    }
}
