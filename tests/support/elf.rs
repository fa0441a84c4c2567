//! What a shared library says of itself to the linker.

use object::elf::{DynamicTag, FileHeader64};
use object::read::elf::{Dyn, FileHeader, SectionTable};
use object::{Endianness, Object, ObjectSymbol};
use std::collections::BTreeSet;
use std::path::Path;

/// A library, read.
pub struct SharedLibrary(Vec<u8>);

impl SharedLibrary {
    pub fn read(path: &Path) -> SharedLibrary {
        SharedLibrary(std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// The names of the symbols that others can use.
    pub fn exports(&self) -> BTreeSet<String> {
        let file = object::File::parse(&*self.0).expect("an ELF file");
        let defined = file.dynamic_symbols().filter(|symbol| symbol.is_definition());
        defined.map(|symbol| symbol.name().expect("a symbol's name").to_owned()).collect()
    }

    /// The texts of the dynamic section under this tag.
    pub fn dynamic(&self, tag: DynamicTag) -> Vec<String> {
        let (endian, sections) = self.sections();
        let (entries, strings) =
            sections.dynamic(endian, &*self.0).expect("a dynamic section").expect("a dynamic section");
        let strings = sections.strings(endian, &*self.0, strings).expect("strings");
        let entries = entries.iter().filter(|entry| entry.tag(endian) == tag);
        let texts = entries.map(|entry| entry.string(endian, strings).expect("a text"));
        texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    }

    /// The numbers of the dynamic section under this tag.
    pub fn numbers(&self, tag: DynamicTag) -> Vec<u64> {
        let (endian, sections) = self.sections();
        let (entries, _) =
            sections.dynamic(endian, &*self.0).expect("a dynamic section").expect("a dynamic section");
        entries.iter().filter(|entry| entry.tag(endian) == tag).map(|entry| entry.val(endian)).collect()
    }

    fn sections(&self) -> (Endianness, SectionTable<'_, FileHeader64<Endianness>>) {
        let file = FileHeader64::<Endianness>::parse(&*self.0).expect("an ELF file of 64 bits");
        let endian = file.endian().expect("an order of bytes");
        (endian, file.sections(endian, &*self.0).expect("sections"))
    }
}
