//! The structures of the [Arrow C data interface](https://arrow.apache.org/docs/format/CDataInterface.html) and of its stream.
//!
//! Each is freed once: by the consumer, which moves it out and leaves a null `release`, or else when the capsule around it goes.

use super::columns::{Buffer, Column};
use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};

/// `ARROW_FLAG_NULLABLE`.
const NULLABLE: i64 = 2;

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Text of a schema. There are no zeros in it: a key of JSON that has one loses it.
fn text(s: &str) -> CString {
    CString::new(s.replace('\0', "")).unwrap_or_default()
}

/// `struct ArrowSchema`.
#[repr(C)]
pub struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Schema,
    dictionary: *mut Schema,
    release: Option<unsafe extern "C" fn(*mut Schema)>,
    private_data: *mut c_void,
}

/// What a schema points to.
struct SchemaOwned {
    _texts: [CString; 2],
    children: Box<[*mut Schema]>,
}

impl Schema {
    /// The type of a column.
    pub fn of(name: &str, column: &Column) -> Self {
        let texts = [text(column.format), text(name)];
        let [format, name] = [texts[0].as_ptr(), texts[1].as_ptr()];
        let children = column.children.iter().map(|(name, child)| Box::into_raw(Box::new(Schema::of(name, child)))).collect();
        let mut owned = Box::new(SchemaOwned { _texts: texts, children });
        Schema {
            format,
            name,
            metadata: null(),
            flags: NULLABLE,
            n_children: count(owned.children.len()),
            children: owned.children.as_mut_ptr(),
            dictionary: null_mut(),
            release: Some(release_schema),
            private_data: Box::into_raw(owned).cast(),
        }
    }
}

/// Frees what a schema points to.
unsafe extern "C" fn release_schema(schema: *mut Schema) {
    // SAFETY: the consumer passes a schema that `of` made and that was not released; so it is valid and its private data is the
    // box that was made with it, whose children are boxes.
    unsafe {
        let owned = Box::from_raw((*schema).private_data.cast::<SchemaOwned>());
        for &child in &owned.children {
            drop(Box::from_raw(child));
        }
        (*schema).release = None;
    }
}

/// `struct ArrowArray`.
#[repr(C)]
pub struct Array {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Array,
    dictionary: *mut Array,
    release: Option<unsafe extern "C" fn(*mut Array)>,
    private_data: *mut c_void,
}

/// What an array points to.
struct ArrayOwned {
    _validity: Option<Vec<u8>>,
    _data: Vec<Buffer>,
    starts: Vec<*const c_void>,
    children: Box<[*mut Array]>,
}

impl Array {
    /// The values of a column.
    pub fn of(column: Column) -> Self {
        let mut starts = Vec::new();
        // The type "null" has no buffers, every other one begins with the validity.
        if column.format != "n" {
            starts.push(column.validity.as_ref().map_or(null(), |v| v.as_ptr().cast()));
        }
        starts.extend(column.buffers.iter().map(Buffer::start));
        let children = column.children.into_iter().map(|(_, child)| Box::into_raw(Box::new(Array::of(child)))).collect();
        let mut owned = Box::new(ArrayOwned { _validity: column.validity, _data: column.buffers, starts, children });
        Array {
            length: count(column.len),
            null_count: count(column.nulls),
            offset: 0,
            n_buffers: count(owned.starts.len()),
            n_children: count(owned.children.len()),
            buffers: owned.starts.as_mut_ptr(),
            children: owned.children.as_mut_ptr(),
            dictionary: null_mut(),
            release: Some(release_array),
            private_data: Box::into_raw(owned).cast(),
        }
    }
}

/// Frees what an array points to. A consumer may have moved a child out; that one is its own then.
unsafe extern "C" fn release_array(array: *mut Array) {
    // SAFETY: as in `release_schema`.
    unsafe {
        let owned = Box::from_raw((*array).private_data.cast::<ArrayOwned>());
        for &child in &owned.children {
            drop(Box::from_raw(child));
        }
        (*array).release = None;
    }
}

/// `struct ArrowArrayStream`.
#[repr(C)]
pub struct Stream {
    get_schema: unsafe extern "C" fn(*mut Stream, *mut Schema) -> c_int,
    get_next: unsafe extern "C" fn(*mut Stream, *mut Array) -> c_int,
    get_last_error: unsafe extern "C" fn(*mut Stream) -> *const c_char,
    release: Option<unsafe extern "C" fn(*mut Stream)>,
    private_data: *mut c_void,
}

/// What a stream will hand out.
struct StreamOwned {
    /// Its type: a column without values.
    shape: Column,
    batch: Option<Column>,
}

/// A column of the same type, without values; for a schema only.
fn shape(column: &Column) -> Column {
    let children = column.children.iter().map(|(name, child)| (name.clone(), shape(child))).collect();
    Column { format: column.format, len: 0, nulls: 0, validity: None, buffers: Vec::new(), children }
}

impl Stream {
    /// One batch.
    pub fn of(column: Column) -> Self {
        let owned = Box::new(StreamOwned { shape: shape(&column), batch: Some(column) });
        Stream { get_schema, get_next, get_last_error, release: Some(release_stream), private_data: Box::into_raw(owned).cast() }
    }
}

unsafe extern "C" fn get_schema(stream: *mut Stream, out: *mut Schema) -> c_int {
    // SAFETY: the consumer passes a stream that `of` made and that was not released, and room for a schema, which holds none yet.
    unsafe {
        let owned = &*(*stream).private_data.cast::<StreamOwned>();
        out.write(Schema::of("", &owned.shape));
    }
    0
}

unsafe extern "C" fn get_next(stream: *mut Stream, out: *mut Array) -> c_int {
    /// An array that says that there are no more.
    const END: Array = Array {
        length: 0,
        null_count: 0,
        offset: 0,
        n_buffers: 0,
        n_children: 0,
        buffers: null_mut(),
        children: null_mut(),
        dictionary: null_mut(),
        release: None,
        private_data: null_mut(),
    };
    // SAFETY: as in `get_schema`; nobody else uses the stream meanwhile, as the interface demands.
    unsafe {
        let owned = &mut *(*stream).private_data.cast::<StreamOwned>();
        out.write(owned.batch.take().map_or(END, Array::of));
    }
    0
}

unsafe extern "C" fn get_last_error(_: *mut Stream) -> *const c_char {
    null()
}

unsafe extern "C" fn release_stream(stream: *mut Stream) {
    // SAFETY: as in `release_schema`.
    unsafe {
        drop(Box::from_raw((*stream).private_data.cast::<StreamOwned>()));
        (*stream).release = None;
    }
}

macro_rules! freed {
    ($($kind:ty),*) => {$(
        impl Drop for $kind {
            fn drop(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: not released yet, or `release` would be null; so it is as `of` made it.
                    unsafe { release(self) }
                }
            }
        }

        // SAFETY: what it points to is its own, and bound to no thread.
        unsafe impl Send for $kind {}
    )*};
}

freed!(Schema, Array, Stream);
