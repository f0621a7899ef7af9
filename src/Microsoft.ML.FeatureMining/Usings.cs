// [Range] says what a setting may be, [SearchRange] what a sweep tries.
global using RangeAttribute = System.ComponentModel.DataAnnotations.RangeAttribute;
global using SearchRangeAttribute = Microsoft.ML.SearchSpace.RangeAttribute;
