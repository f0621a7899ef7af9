// [Range] says what a setting may be.
global using RangeAttribute = System.ComponentModel.DataAnnotations.RangeAttribute;
