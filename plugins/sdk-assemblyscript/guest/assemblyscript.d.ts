/** AssemblyScript's number types, for a source that also runs as TypeScript. 64-bit ones lose what a double can't hold. */
declare global {
  type bool = boolean;
  type i8 = number;
  type u8 = number;
  type i16 = number;
  type u16 = number;
  type i32 = number;
  type u32 = number;
  type i64 = number;
  type u64 = number;
  type f32 = number;
  type f64 = number;
}

export {};
