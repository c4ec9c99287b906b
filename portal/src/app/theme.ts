import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** The one accent. */
const ink: MantineColorsTuple = [
  "#edf2ff",
  "#dbe4ff",
  "#b9c9fb",
  "#93abf6",
  "#7390f0",
  "#5477e8",
  "#3b61df",
  "#2a52d0",
  "#2344ad",
  "#1b3689",
];

/** Cool greys, from text on dark to the darkest ground. */
const dark: MantineColorsTuple = [
  "#e7eaf0",
  "#b6bdc9",
  "#939cab",
  "#5d6675",
  "#333a45",
  "#272d36",
  "#1b2027",
  "#14181e",
  "#0f1217",
  "#0a0c10",
];

export const theme = createTheme({
  fontFamily: "var(--sans)",
  fontFamilyMonospace: "var(--mono)",
  headings: { fontFamily: "var(--sans)" },
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 6 },
  colors: { ink, dark },
  defaultRadius: 6,
  cursorType: "pointer",
  respectReducedMotion: true,
  fontSizes: { xs: "12px", sm: "13.5px", md: "14.5px", lg: "16px", xl: "20px" },
  // By name: importing the components would load them all with the first page.
  components: {
    Button: { defaultProps: { size: "sm" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    TextInput: { defaultProps: { size: "sm" } },
    PasswordInput: { defaultProps: { size: "sm" } },
    Textarea: { defaultProps: { size: "sm" } },
    Select: {
      defaultProps: { size: "sm", checkIconPosition: "right", allowDeselect: false },
    },
    Switch: { defaultProps: { withThumbIndicator: false } },
    InputWrapper: {
      defaultProps: { inputWrapperOrder: ["label", "input", "description", "error"] },
    },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.35 } } },
    Drawer: {
      defaultProps: { position: "right", overlayProps: { backgroundOpacity: 0.25 } },
    },
  },
});

/** Mantine's own variables, from those of tokens.css. */
export const variables: CSSVariablesResolver = () => {
  const names = {
    "--mantine-color-body": "var(--body)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--ink-3)",
    "--mantine-color-placeholder": "var(--ink-3)",
    "--mantine-color-default": "var(--field)",
    "--mantine-color-default-hover": "var(--hover)",
    "--mantine-color-default-border": "var(--border)",
    "--mantine-color-error": "var(--bad)",
    "--mantine-primary-color-filled": "var(--filled)",
    "--mantine-primary-color-filled-hover": "var(--filled-hover)",
  };
  return { variables: {}, light: names, dark: names };
};
